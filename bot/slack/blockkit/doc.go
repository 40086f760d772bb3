// Package blockkit converts between package bot/view, which describes messages and forms independently of a chat, and the
// formats of Slack. It renders cards and forms as messages and modals of Block Kit and mrkdwn. It parses clicked buttons,
// submitted modals, rich text and mrkdwn into verbs, values and Markdown. The package is pure: no network, no clock.
//
// What does not belong here: calls of the Web API and requests from Slack (bot/slack), the meaning of a message
// (bot/command, bridge) and the content of cards (bot/view).
//
// Source: docs.slack.dev/block-kit, read 2026-11.
package blockkit
