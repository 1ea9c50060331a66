import Micro
