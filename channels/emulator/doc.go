// Package emulator has the code that emulators share. An emulator stands in for a provider or a chat, such as Twilio or
// Slack, in tests and in the demo. The package listens on an address, with a certificate. It decides when a planned fault
// strikes a call, and keeps a log of changes that tests can wait for. It also has helpers for the JSON API by which tests
// control an emulator.
//
// What does not belong here: anything about one provider, and what a fault does.
package emulator
