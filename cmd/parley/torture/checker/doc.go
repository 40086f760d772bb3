// Package checker decides whether Parley kept its invariants during a torture run, in which simulated customers and agents
// write to each other while faults are injected. Check compares what these people said and did (History) with what the
// emulators showed afterwards (Observation). It returns a Verdict: the violations of each invariant, counted and described.
//
// Each message of a run contains a Marker, a unique word such as "outbound-c017-5", by which it is recognised wherever it
// arrives. The marker also says what should happen to the message.
//
// What does not belong here: reading from the emulators. This package opens no connection.
package checker
