// Package bridgetest has what tests of surfaces and of the engine share:
// ExerciseSurface, the suite that every surface must pass; Desk, an engine that only
// remembers; and Chat with Surface, a second, plain-text chat platform on a loopback
// socket, so that the seam between engine and surfaces has two sides from the start.
//
// What does not belong here: any real vendor's words, and bot/command's grammar.
package bridgetest
