// Package blockkit turns what bot/view says into what Slack shows, and back: neutral cards and forms into
// messages and modals of Block Kit and mrkdwn; clicked buttons, filled modals, rich text and mrkdwn into
// verbs, values and canonical Markdown. All of it is pure: no network, no clock.
//
// What does not belong here: calls of the Web API and requests of Slack (bot/slack), what a message means
// (bot/command, bridge) and what cards say (bot/view).
//
// Source: docs.slack.dev/block-kit, read 2026-11.
package blockkit
