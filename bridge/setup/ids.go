package setup

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// In parley.yaml, people and channels of Slack and Teams are given by their ids, such as U012AB3CD. These functions check the
// format of an id, so that typing errors are found without a request to Slack or Teams.

var (
	objectIDs     = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	slackChannels = regexp.MustCompile(`^[CDG][A-Z0-9]+$`)
	slackLinks    = regexp.MustCompile(`^https://[^/]+\.slack\.com/(?:archives|client/[A-Z0-9]+)/([CDG][A-Z0-9]+)`)
	slackUsers    = regexp.MustCompile(`^[UW][A-Z0-9]+$`)
	teamsChannels = regexp.MustCompile(`^19:[^@\s]+@thread\.[a-z0-9]+$`)
	teamsLinks    = regexp.MustCompile(`^https://teams\.(?:microsoft\.com|cloud\.microsoft)/l/channel/([^/?]+)`)
)

// IsObjectID reports whether a text has the format of a Microsoft Entra object id:
// 00000000-0000-0000-0000-000000000000.
func IsObjectID(s string) bool { return objectIDs.MatchString(s) }

// IsSlackUser reports whether a text has the format of a Slack member ID: U012AB3CD.
func IsSlackUser(s string) bool { return slackUsers.MatchString(s) }

// checkUser checks an agent's id in a chat, and normalises it. kind is "slack" or "teams".
func (g *Group) checkUser(kind string, t *Text) {
	t.Value = strings.TrimSpace(t.Value)
	if kind != "teams" || t.Value == "" {
		return
	}
	if !IsObjectID(t.Value) {
		g.Fault(t.At, kind, fmt.Sprintf("%q isn't an object id", t.Raw),
			"Write the Object ID of the person's page in the Entra admin center (00000000-0000-0000-0000-000000000000), or leave it out: "+
				"people are found by e-mail.")
	}
	t.Value = strings.ToLower(t.Value)
}

// checkChannel checks a channel of a chat: an id, a name with #, or a link, which it replaces by the channel's
// id.
func (g *Group) checkChannel(kind, key string, t *Text) {
	t.Value = strings.TrimSpace(t.Value)
	if kind == "teams" {
		g.checkTeamsChannel(key, t)
		return
	}

	if link := slackLinks.FindStringSubmatch(t.Value); link != nil {
		t.Value = link[1]
	}
	isName := len(t.Value) > 1 && t.Value[0] == '#' && !strings.ContainsAny(t.Value, " \t\n")
	if t.Value != "" && !isName && !slackChannels.MatchString(t.Value) {
		g.Fault(t.At, key, fmt.Sprintf("%q isn't a channel of Slack", t.Raw),
			`Write its name, "#support", or the channel's id (C012AB3CD) or link.`)
	}
}

// checkTeamsChannel does the work of checkChannel for Teams.
func (g *Group) checkTeamsChannel(key string, t *Text) {
	if link := teamsLinks.FindStringSubmatch(t.Value); link != nil {
		if id, err := url.PathUnescape(link[1]); err == nil {
			t.Value = id
		}
	}

	if t.Value == "" {
		return
	}

	isName := len(t.Value) > 1 && t.Value[0] == '#' && !strings.Contains(t.Value, "\n")
	if !isName && !teamsChannels.MatchString(t.Value) {
		g.Fault(t.At, key, fmt.Sprintf("%q isn't a channel of Teams", t.Raw),
			`Write the link that Teams gives by "Get link to channel", or its name: "#Support".`)
	}
}
