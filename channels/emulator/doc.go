// Package emulator is what the emulators of providers and chats share: where they listen, with
// which certificate, faults
// that strike chosen calls, a log of changes to wait on, and the JSON of their control addresses.
//
// What does not belong here: any provider's word, and what a fault does.
package emulator
