// Package checker decides whether a torture run kept Parley's invariants. It is told what the workload's people said
// and did (History), and what the emulators showed afterwards (Observation). Check compares the two and returns a
// Verdict: the violations of each invariant, counted and described.
//
// Each message of a run carries a Marker, a unique word by which it is found again wherever it
// arrives, and which says what is to become of it.
//
// What does not belong here: how the emulators are asked. This package opens no connection.
package checker
