// Package chatfake is what the emulators of chat platforms share: where they listen, a log of
// changes to wait on, rules that say which calls a fault strikes, and the JSON of their control
// addresses.
//
// What does not belong here: any platform's word, and what a fault does.
package chatfake
