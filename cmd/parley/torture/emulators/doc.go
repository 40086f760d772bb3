// Package world is what the Parleys of a torture speak to: emulators of mail, of the chat in which agents work
// and of the phones, in a process of their own, and the windows through which people write, look and act there
// and through which things go wrong.
//
// What does not belong here: who says what and when, what breaks, and what is promised.
package emulators
