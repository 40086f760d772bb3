package setup

import "parley/bridge/setup/document"

// Faults are what a file that can't be applied is refused with, in the order of the file.
type Faults = document.Faults
