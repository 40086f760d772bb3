// Package oracle is the test oracle of a torture run, the part of a test that tells right from wrong. It observes the
// emulators as people would see them, and answers Parley's questions as an agent would. Then package checker decides
// which invariants were violated.
//
// The oracle is a process of its own, whose main function is Run, so that it can learn only from the emulators what
// happened. The torture run talks to it by a Process.
//
// What does not belong here: Parley's database, and what people write.
package oracle
