# find_package(Batten): Batten::runtime and Batten::runtime_shared (include <batten/batten.h> or <batten/batten.hpp>),
# the compiler as Batten::compiler, and batten_add_model().
include(CMakeFindDependencyMacro)
find_dependency(Threads)
include(${CMAKE_CURRENT_LIST_DIR}/BattenTargets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/BattenAddModel.cmake)
