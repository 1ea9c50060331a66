#pragma once
#include "onnx.pb-c.h"
