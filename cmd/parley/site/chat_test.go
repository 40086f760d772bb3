package site_test

import (
	"parley/bot/slack/blockkit"
	"parley/bridge"
	"parley/cmd/parley/site"
)

// slackAcme is the workspace of acme, as far as the dashboard asks it.
type slackAcme struct{ bridge.Surface }

// Link implements bridge.Linked.
func (slackAcme) Link(at bridge.Place) string {
	return blockkit.Home("https://acme.slack.com/").Link(at)
}

// withSlack connects the workspace of acme.
func withSlack(o *site.Options) {
	o.Chats.Surface = func(kind string) bridge.Surface {
		if kind != "slack" {
			return nil
		}
		return slackAcme{}
	}
}
