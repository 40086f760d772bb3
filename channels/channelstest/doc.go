// Package channelstest helps to test channels, by which customers write to Parley. ExerciseChannel is a test suite that
// every channel must pass. Provider is an imaginary messaging company on a loopback socket, and Channel connects Parley
// to it.
//
// What does not belong here: anything of a real vendor, and the engine.
package channelstest
