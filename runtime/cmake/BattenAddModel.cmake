# batten_add_model(<target> <model.btn> [SHARED] [PREFIX <name>] [TARGET <cpu[:level,..]>]
#                  [WEIGHTS <file.safetensors>[:embed|:link]] [OPTIONS <word>...])
#
# Makes a library of the model, to be linked like any other: who links it finds its header, NAME.h, where NAME is the
# file's stem, or PREFIX. It is built again when the model or what that imports changes.
#   PREFIX   begins every C symbol in place of the stem: two models of a project whose files have one name need it
#   SHARED   a shared library; otherwise a static one
#   TARGET   the CPU that it is for (batten build --target); by default the one that builds
#   WEIGHTS  a file that must fit the model: checked whenever either changes; its path is the target's BATTEN_WEIGHTS;
#            with :embed it becomes part of the library, whose bind then takes no weights; with :link it is an object
#            beside a static library, which whoever links the target links too
#   OPTIONS  more words for `batten build`, --prefix excepted: the header's name must be known here
function(batten_add_model target model)
  cmake_parse_arguments(PARSE_ARGV 2 arg "SHARED" "PREFIX;TARGET;WEIGHTS" "OPTIONS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "batten_add_model(${target}): what is `${arg_UNPARSED_ARGUMENTS}`?")
  endif()
  if(arg_OPTIONS MATCHES "(^|;)--prefix")
    message(FATAL_ERROR "batten_add_model(${target}): say PREFIX <name> in place of OPTIONS --prefix")
  endif()
  get_filename_component(source ${model} ABSOLUTE)
  get_filename_component(stem ${model} NAME_WLE)
  string(MAKE_C_IDENTIFIER ${stem} name)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${target}.model)
  file(MAKE_DIRECTORY ${folder})
  set(kind STATIC)
  set(library ${folder}/lib${stem}.a)
  if(arg_SHARED)
    set(kind SHARED)
    set(library ${folder}/lib${stem}.so)
  endif()
  set(options ${arg_OPTIONS})
  if(arg_PREFIX)
    set(name ${arg_PREFIX})
    list(APPEND options --prefix=${arg_PREFIX})
  endif()
  if(arg_TARGET)
    list(APPEND options --target=${arg_TARGET})
  endif()
  set(weights "") # not the caller's variables of these names
  set(embedded "")
  set(beside "")
  if(arg_WEIGHTS)
    string(REGEX REPLACE ":(embed|link|runtime)$" "" weights ${arg_WEIGHTS})
    get_filename_component(weights ${weights} ABSOLUTE)
    if(arg_WEIGHTS MATCHES ":(embed|link)$")
      set(embedded ${weights})
      list(APPEND options --weights=${weights}:${CMAKE_MATCH_1})
    endif()
    if(arg_WEIGHTS MATCHES ":link$")
      if(arg_SHARED)
        message(FATAL_ERROR "batten_add_model(${target}): a SHARED library has its weights by :embed, :link is for others")
      endif()
      set(beside ${folder}/${name}.weights.o)
    endif()
  endif()
  get_property(other GLOBAL PROPERTY BATTEN_MODEL_${name})
  if(other)
    message(FATAL_ERROR "batten_add_model(${target}): ${source} would define ${name}_* as ${other} does; "
      "say PREFIX <name>")
  endif()
  set_property(GLOBAL PROPERTY BATTEN_MODEL_${name} "${target} of ${source}")

  add_custom_command(OUTPUT ${library} ${folder}/${name}.h ${beside}
    COMMAND Batten::compiler build ${source} -o ${library} --depfile=${library}.d ${options}
    DEPENDS ${source} ${embedded} Batten::compiler DEPFILE ${library}.d COMMENT "Compiling model ${name}" VERBATIM)
  set(products ${library} ${folder}/${name}.h ${beside})
  if(weights AND NOT embedded)
    add_custom_command(OUTPUT ${library}.checked
      COMMAND Batten::compiler check ${source} --weights=${weights}
      COMMAND ${CMAKE_COMMAND} -E touch ${library}.checked
      DEPENDS ${source} ${library} ${weights} COMMENT "Checking the weights of ${name}" VERBATIM)
    list(APPEND products ${library}.checked)
  endif()
  add_custom_target(${target}_model DEPENDS ${products})

  add_library(${target} ${kind} IMPORTED GLOBAL)
  add_dependencies(${target} ${target}_model)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${library} IMPORTED_NO_SONAME TRUE
    INTERFACE_INCLUDE_DIRECTORIES ${folder} INTERFACE_LINK_LIBRARIES "${beside}" INTERFACE_LINK_DEPENDS "${beside}"
    BATTEN_WEIGHTS "${weights}")
endfunction()
