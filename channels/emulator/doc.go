// Package emulator is what the emulators of providers and chats share: where they listen and with which certificate, faults
// that strike chosen calls, a log of changes to wait on, and the JSON of the addresses at which tests control them.
//
// What does not belong here: any provider's word, and what a fault does.
package emulator
