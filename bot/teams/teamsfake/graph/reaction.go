package graph

import (
	"strconv"
	"strings"

	"parley/bot/teams/teamsfake/tenant"
)

// firstTone is the character of the lightest of five tones of the skin.
const firstTone = '\U0001f3fb'

// reactionItems makes the reactions to a message as Graph tells them.
// Source: Graph reference, "chatMessageReaction resource type", read 2026-11. That Graph leaves out people's names, and what an
// emoji is called, show answers that others have quoted: github.com/osodevops/ms-teams-cli/pull/63, read 2026-11.
func (v *View) reactionItems(m *tenant.Message) []object {
	out := []object{}
	for _, x := range m.Reactions {
		user := object{"application": nil, "device": nil, "user": object{"id": x.User, "displayName": nil, "userIdentityType": "aadUser"}}
		if x.Bot {
			user = object{"application": object{"id": v.Opt.AppID, "displayName": nil, "applicationIdentityType": "bot"}, "user": nil}
		}
		kind, name := reactionName(x.Type)
		out = append(out, object{
			"reactionType": kind, "displayName": name, "reactionContentUrl": nil, "createdDateTime": timeOrNil(x.At), "user": user,
		})
	}
	return out
}

// reactionName returns what Graph calls one of Teams' reactions, such as 270b_raisedhand-tone3: by its character, and what people
// call it. Reactions that have no character in their name keep it.
func reactionName(reaction string) (kind, name string) {
	plain, tone, hasTone := strings.Cut(reaction, "-tone")
	points, name, hasPoints := strings.Cut(plain, "_")
	point, err := strconv.ParseInt(points, 16, 32)
	if !hasPoints || err != nil {
		return plain, capitalize(plain)
	}

	kind = string(rune(point))
	if n, err := strconv.Atoi(tone); hasTone && err == nil {
		kind += string(firstTone + rune(n) - 1)
	}
	return kind, capitalize(name)
}

// capitalize makes the first letter of a name a capital.
func capitalize(name string) string {
	first := min(1, len(name))
	return strings.ToUpper(name[:first]) + name[first:]
}
