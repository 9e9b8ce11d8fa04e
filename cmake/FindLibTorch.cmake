# Torch::cpu (libtorch_cpu + libc10) and, where all wheels are unpacked, Torch::cuda.
# The wheel's own TorchConfig.cmake insists on CUDA, so it is not used. LIBTORCH_ROOT holds torch/ and
# nvidia/ side by side, as the RPATHs inside the wheels expect; tools/bootstrap puts them there.
set(LIBTORCH_ROOT "${PROJECT_SOURCE_DIR}/.deps/wheels" CACHE PATH "folder of the unpacked wheels")
find_path(LibTorch_INCLUDE torch/library.h PATHS "${LIBTORCH_ROOT}/torch/include" NO_DEFAULT_PATH)
foreach(lib torch_cpu c10 torch_cuda c10_cuda)
  find_library(LibTorch_${lib} ${lib} PATHS "${LIBTORCH_ROOT}/torch/lib" NO_DEFAULT_PATH)
endforeach()
if(EXISTS "${LIBTORCH_ROOT}/torch/version.py")  # read as text; Python is not run
  file(STRINGS "${LIBTORCH_ROOT}/torch/version.py" line REGEX "^__version__")
  string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" LibTorch_VERSION "${line}")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  VERSION_VAR LibTorch_VERSION
  REQUIRED_VARS LibTorch_torch_cpu LibTorch_c10 LibTorch_INCLUDE
  REASON_FAILURE_MESSAGE "run tools/bootstrap, which unpacks the pinned wheels into .deps/wheels")
if(LibTorch_FOUND AND NOT TARGET Torch::cpu)
  get_filename_component(LIBTORCH_LIB "${LibTorch_torch_cpu}" DIRECTORY)
  add_library(Torch::cpu SHARED IMPORTED)
  set_target_properties(Torch::cpu PROPERTIES IMPORTED_LOCATION "${LibTorch_torch_cpu}")
  target_include_directories(Torch::cpu SYSTEM INTERFACE
    "${LibTorch_INCLUDE}" "${LibTorch_INCLUDE}/torch/csrc/api/include")
  target_compile_definitions(Torch::cpu INTERFACE AT_PER_OPERATOR_HEADERS)
  # The wheel's own OpenMP run-time, which our parallel loops share with Torch's.
  target_link_libraries(Torch::cpu INTERFACE "${LibTorch_c10}" "${LIBTORCH_LIB}/libgomp.so.1")
  file(GLOB nvidia LIST_DIRECTORIES true "${LIBTORCH_ROOT}/nvidia/*/lib")  # libcudart, libcupti
  list(JOIN nvidia ":" nvidia)
  target_link_options(Torch::cpu INTERFACE "LINKER:-rpath-link,${nvidia}:${LIBTORCH_LIB}")
  if(LibTorch_torch_cuda AND LibTorch_c10_cuda)
    add_library(Torch::cuda SHARED IMPORTED)
    set_target_properties(Torch::cuda PROPERTIES IMPORTED_LOCATION "${LibTorch_torch_cuda}")
    target_link_libraries(Torch::cuda INTERFACE "${LibTorch_c10_cuda}" Torch::cpu)
  endif()
endif()
