# OpenCV::core, OpenCV::imgproc, OpenCV::imgcodecs from their own -dev packages. OpenCVConfig.cmake
# is in libopencv-dev only, which would bring more than thirty further packages.
find_path(OpenCVParts_INCLUDE opencv2/imgcodecs.hpp PATH_SUFFIXES opencv4)
foreach(part core imgproc imgcodecs)
  find_library(OpenCVParts_${part} opencv_${part})
endforeach()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenCVParts REQUIRED_VARS
  OpenCVParts_INCLUDE OpenCVParts_core OpenCVParts_imgproc OpenCVParts_imgcodecs)
if(OpenCVParts_FOUND AND NOT TARGET OpenCV::core)
  foreach(part core imgproc imgcodecs)
    add_library(OpenCV::${part} SHARED IMPORTED)
    set_target_properties(OpenCV::${part} PROPERTIES IMPORTED_LOCATION "${OpenCVParts_${part}}")
    target_include_directories(OpenCV::${part} SYSTEM INTERFACE "${OpenCVParts_INCLUDE}")
  endforeach()
endif()
