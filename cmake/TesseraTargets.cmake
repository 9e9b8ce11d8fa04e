# How every target of the house is made: language level, warnings, sanitizers, and the four
# functions tessera_library, tessera_program, tessera_test, tessera_bench.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_CXX_FLAGS_RELEASE "-O2")  # asserts stay on
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "build type" FORCE)
endif()

find_program(TESSERA_CCACHE ccache)
if(TESSERA_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;CCACHE_BASEDIR=${PROJECT_SOURCE_DIR};CCACHE_NOHASHDIR=1;${TESSERA_CCACHE}")
endif()

# For code that computes nothing of size (commands, windows, tests): a third less time in the optimiser.
set(TESSERA_PLAIN_CODE "$<$<CONFIG:Release>:-O1>")

add_library(tessera_flags INTERFACE)
target_include_directories(tessera_flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(tessera_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
  # GCC 12 takes an empty std::optional<at::Tensor> for an uninitialised one: told, but no error.
  "$<$<BOOL:$ENV{CI}>:-Werror;-Wno-error=maybe-uninitialized>"
  $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)  # ccache needs it to see through a precompiled header
if(TESSERA_SANITIZE)
  list(JOIN TESSERA_SANITIZE "," sanitizers)
  target_compile_options(tessera_flags INTERFACE -fsanitize=${sanitizers} -fno-omit-frame-pointer)
  target_link_options(tessera_flags INTERFACE -fsanitize=${sanitizers})
endif()

# A Torch module file peaks near 1.7 GB: one at a time on small machines, two elsewhere.
cmake_host_system_information(RESULT memory_mb QUERY TOTAL_PHYSICAL_MEMORY)
if(memory_mb LESS 8000)
  set_property(GLOBAL APPEND PROPERTY JOB_POOLS heavy=1)
else()
  set_property(GLOBAL APPEND PROPERTY JOB_POOLS heavy=8)
endif()

# at::parallel_for is a plain loop in a file that is compiled without OpenMP, so the files that call it are
# compiled with it; they alone, since a precompiled header serves one set of flags. ThreadSanitizer does not
# see through libgomp.
function(tessera_compile_loops_for_threads)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU" OR TESSERA_SANITIZE MATCHES "thread")
    return()
  endif()
  list(FILTER ARGN INCLUDE REGEX "^[a-z][a-z0-9_/]*[.]cpp$")  # nothing that is generated
  foreach(source ${ARGN})
    file(STRINGS "${source}" parallel REGEX "at::parallel_for" LIMIT_COUNT 1)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
    if(parallel)
      set_source_files_properties("${source}" PROPERTIES COMPILE_OPTIONS -fopenmp
                                  SKIP_PRECOMPILE_HEADERS ON)
    endif()
  endforeach()
endfunction()

# tessera_library(NAME SOURCES … [PUBLIC …] [PRIVATE …]): static library tessera_NAME, alias Tessera::NAME.
function(tessera_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  tessera_compile_loops_for_threads(${arg_SOURCES})
  tessera_batch(${name} sources ${arg_SOURCES})
  add_library(tessera_${name} STATIC ${sources})
  add_library(Tessera::${name} ALIAS tessera_${name})
  target_link_libraries(tessera_${name} PUBLIC tessera_flags ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
endfunction()

# Programs find LibTorch by a run path relative to nothing: the wheel's folder of this checkout.
function(tessera_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  tessera_batch(${name} sources ${arg_SOURCES})
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE tessera_flags ${arg_LINK})
  # As the libraries are compiled: with CMake's own -fPIE the precompiled headers would not be used.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF
    BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN;${LIBTORCH_LIB}")
  target_compile_options(${name} PRIVATE -fPIC)
endfunction()

# tessera_test(NAME SOURCES … LINK … [LABELS slow] [TIMEOUT s]): one executable and one ctest entry a folder, since a process that loads libtorch_cpu starts in a quarter of a second.
function(tessera_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  # Folders are told only to the sources that name them: an absolute path in a command would keep ccache
  # from sharing the result with another checkout.
  foreach(source ${arg_SOURCES})
    file(STRINGS "${source}" named REGEX "TESSERA_(SOURCE|BINARY)_DIR" LIMIT_COUNT 1)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
    if(named)
      set_source_files_properties("${source}" PROPERTIES COMPILE_DEFINITIONS
        "TESSERA_SOURCE_DIR=\"${PROJECT_SOURCE_DIR}\";TESSERA_BINARY_DIR=\"${PROJECT_BINARY_DIR}\"")
    endif()
  endforeach()
  tessera_program(${name}_test SOURCES ${arg_SOURCES} LINK ${arg_LINK} GTest::gtest GTest::gmock
                  GTest::gtest_main)
  target_compile_options(${name}_test PRIVATE ${TESSERA_PLAIN_CODE})
  add_test(NAME ${name} COMMAND ${name}_test WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
endfunction()

function(tessera_bench name)
  tessera_program(${name}_bench ${ARGN})
endfunction()
