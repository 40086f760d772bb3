// Package bridgetest has what tests of the engine share with tests of surfaces, which connect Parley to the agents' chats:
//   - ExerciseSurface is a test suite that every surface must pass.
//   - Desk stands in for the engine in tests of surfaces. It only records the calls.
//   - Chat is a chat platform that knows only plain text, on a loopback socket, and Surface connects Parley to it. With
//     them, tests of the engine don't depend on Slack or Teams.
//
// What does not belong here: the words of any real vendor, and the grammar of commands (bot/command).
package bridgetest
