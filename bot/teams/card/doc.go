// Package card turns what bot/view says into what Microsoft Teams shows, and back:
// neutral cards and forms into Adaptive Cards 1.5 and messages in Teams' XML subset;
// clicked buttons, filled dialogs and typed HTML into verbs, values and canonical
// Markdown. All of it is pure: no network, no clock.
//
// What does not belong here: activities and HTTP (bot/teams/connector), what a message
// means (bot/command, bridge) and what cards say (bot/view).
package card
