// Package emulators has everything to which the Parleys of a torture run connect, but the database: emulators of mail,
// of the chat in which agents work, of customers' phones and of a model. Run serves them in a process of their own. Client
// controls that process: by it people write, the oracle observes, and faults of providers are armed.
//
// What does not belong here: who writes what and when, which faults are injected, and what the invariants are.
package emulators
