// Package card converts between package bot/view, which describes messages and forms independently of a chat, and the
// formats of Microsoft Teams. It renders cards and forms as Adaptive Cards 1.5 and as messages in Teams' XML subset. It
// parses clicked buttons, submitted dialogs and typed HTML into verbs, values and Markdown. The package is pure: no
// network, no clock.
//
// What does not belong here: activities and HTTP (bot/teams/connector), the meaning of a message (bot/command, bridge)
// and the content of cards (bot/view).
package card
