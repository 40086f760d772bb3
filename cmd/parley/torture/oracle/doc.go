// Package oracle is the test oracle of a torture run, the part of a test that tells right from wrong. It observes the
// emulators as people would see them, answers what Parley asks of people (it acts as an agent does), and has package
// checker decide which invariants were violated.
//
// Run is a process of its own, so that nothing but the emulators can tell it what happened. Process is that process
// as the run sees it.
//
// What does not belong here: Parley's database, and what people write.
package oracle
