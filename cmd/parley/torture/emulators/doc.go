// Package emulators has everything that the Parley processes of a torture run connect to, except the database: emulators
// of mail, of the chat in which agents work and of customers' phones. Run serves them in a process of
// their own. Client controls that process: with it simulated people write, the oracle (the process that judges the run)
// observes, and providers' faults are injected.
//
// What does not belong here: who writes what and when, which faults are injected, and what the invariants are.
package emulators
