package teamsfake

import "parley/channels/emulator"

// Fault is one rule of what goes wrong; Method names a call (activities.send, graph.*; see
// doc.go) or what is sent to the bot ("event:message", "event:messageUpdate", "event:invoke",
// "event:*").
type Fault = emulator.Fault

// FaultKind is what goes wrong.
type FaultKind = emulator.FaultKind

// Faults of the bot's calls. FaultHTTP answers with Code; without a code from 500 on with an
// HTML page.
const (
	FaultDelay     = emulator.FaultDelay
	FaultRateLimit = emulator.FaultRateLimit
	FaultBareLimit = emulator.FaultBareLimit
	FaultHTTP      = emulator.FaultHTTP
	FaultDrop      = emulator.FaultDrop
)

// Faults of what is sent to the bot. FaultDelay and FaultDrop apply too: the second delivers,
// and takes the answer for lost. Invokes are not reordered.
const (
	FaultDuplicate = emulator.FaultDuplicate
	FaultReorder   = emulator.FaultReorder
	FaultLose      = emulator.FaultLose
)
