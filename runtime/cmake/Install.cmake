# What `cmake --install` puts where: a prefix that find_package(Batten) finds, whatever its place. The compiler looks for
# its own library in ../lib, so that is what the folder is called on every system.
set(package lib/cmake/Batten)
include(CMakePackageConfigHelpers)

target_include_directories(batten_runtime INTERFACE $<INSTALL_INTERFACE:include>)
target_include_directories(batten_runtime_shared INTERFACE $<INSTALL_INTERFACE:include>)
set_target_properties(batten PROPERTIES EXPORT_NAME compiler)
set_target_properties(batten_runtime PROPERTIES EXPORT_NAME runtime)
set_target_properties(batten_runtime_shared PROPERTIES EXPORT_NAME runtime_shared)
install(TARGETS batten batten_runtime batten_runtime_shared EXPORT Batten
  RUNTIME DESTINATION bin LIBRARY DESTINATION lib ARCHIVE DESTINATION lib)
install(FILES $<TARGET_FILE_DIR:batten>/battenc DESTINATION bin) # a link to batten, and installed as one
install(TARGETS batten-compiler LIBRARY DESTINATION lib)
install(FILES runtime/abi.h runtime/batten.h runtime/batten.hpp runtime/tensors.hpp DESTINATION include/batten)
install(EXPORT Batten NAMESPACE Batten:: FILE BattenTargets.cmake DESTINATION ${package})

write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/BattenConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES runtime/cmake/BattenConfig.cmake runtime/cmake/BattenAddModel.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/BattenConfigVersion.cmake DESTINATION ${package})
configure_file(runtime/cmake/batten.pc.in batten.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/batten.pc DESTINATION lib/pkgconfig)

# Pages lie as they do in the tree, so that their links hold.
set(documents share/doc/batten)
foreach(page LICENSE README.md CHANGELOG.md compiler/README.md compiler/frontend/LANGUAGE.md dialect/README.md
        dialect/NUMERICS.md runtime/README.md test/bench/README.md test/fuzz/README.md)
  get_filename_component(folder ${page} DIRECTORY)
  install(FILES ${page} DESTINATION ${documents}/${folder})
endforeach()
install(FILES ${CMAKE_BINARY_DIR}/docs/ops.md DESTINATION ${documents})
install(DIRECTORY examples DESTINATION ${documents})
install(DIRECTORY test/bench/results DESTINATION ${documents}/test/bench)
