package setup

import "parley/bridge/setup/document"

// What a file that can't be applied is refused with. Package document explains it.
type (
	// Position is a place in the file.
	Position = document.Position
	// Fault is one thing that is wrong with the file.
	Fault = document.Fault
	// Faults are all faults of a file, in its order.
	Faults = document.Faults
)
