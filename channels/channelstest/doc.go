// Package channelstest has what tests of channels share: ExerciseChannel, the suite
// that every channel must pass, and Provider and Channel, an imaginary provider on a
// loopback socket with the channel that talks to it.
//
// What does not belong here: anything of a real vendor, and the engine.
package channelstest
