package parleyfile

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"parley/bridge/setup/document"
)

// Slack and Teams name people and channels by ids. These functions check in parley.yaml whether a text can be such
// an id, so that a typing error is found before the chat is asked.

var (
	objectIDs     = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	slackChannels = regexp.MustCompile(`^[CDG][A-Z0-9]+$`)
	slackLinks    = regexp.MustCompile(`^https://[^/]+\.slack\.com/(?:archives|client/[A-Z0-9]+)/([CDG][A-Z0-9]+)`)
	slackUsers    = regexp.MustCompile(`^[UW][A-Z0-9]+$`)
	teamsChannels = regexp.MustCompile(`^19:[^@\s]+@thread\.[a-z0-9]+$`)
	teamsLinks    = regexp.MustCompile(`^https://teams\.(?:microsoft\.com|cloud\.microsoft)/l/channel/([^/?]+)`)
)

// IsObjectID reports whether a text is an object id of Microsoft Entra: 00000000-0000-0000-0000-000000000000.
func IsObjectID(s string) bool { return objectIDs.MatchString(s) }

// IsSlackUser reports whether a text has the form of a member ID of Slack: U012AB3CD.
func IsSlackUser(s string) bool { return slackUsers.MatchString(s) }

// checkUser checks an agent's id in a surface, and writes it in the surface's form.
func (o *object) checkUser(kind string, t *document.Text) {
	t.Value = strings.TrimSpace(t.Value)
	if kind != "teams" || t.Value == "" {
		return
	}
	if !IsObjectID(t.Value) {
		o.Fault(t.At, kind, fmt.Sprintf("%q isn't an object id", t.Raw),
			"Write the Object ID of the person's page in the Entra admin center (00000000-0000-0000-0000-000000000000), or leave it out: "+
				"people are found by e-mail.")
	}
	t.Value = strings.ToLower(t.Value)
}

// checkChannel checks the channel of a surface: an id, a name with #, or a link to the channel, which is replaced by
// the id in it.
func (o *object) checkChannel(kind, key string, t *document.Text) {
	t.Value = strings.TrimSpace(t.Value)
	if kind == "teams" {
		o.checkTeamsChannel(key, t)
		return
	}

	if link := slackLinks.FindStringSubmatch(t.Value); link != nil {
		t.Value = link[1]
	}
	isName := len(t.Value) > 1 && t.Value[0] == '#' && !strings.ContainsAny(t.Value, " \t\n")
	if t.Value != "" && !isName && !slackChannels.MatchString(t.Value) {
		o.Fault(t.At, key, fmt.Sprintf("%q isn't a channel of Slack", t.Raw),
			`Write its name with a # (in parley.yaml with quotes), "#support", or the channel's id (C012AB3CD) or link.`)
	}
}

func (o *object) checkTeamsChannel(key string, t *document.Text) {
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
		o.Fault(t.At, key, fmt.Sprintf("%q isn't a channel of Teams", t.Raw),
			`Write the link that Teams gives by "Get link to channel", or its name with a # (in parley.yaml with quotes): "#Support".`)
	}
}
