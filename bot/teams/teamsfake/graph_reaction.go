package teamsfake

import (
	"strconv"
	"strings"
)

// The Bot Connector and Graph, two APIs of Teams, have different names for the same reaction. The Bot Connector, and this
// emulator, use ids such as "like" or "270b_raisedhand-tone3", which contain the emoji's code point in hexadecimal. Graph
// returns the emoji itself.

// firstTone is the first of the five characters for skin tones, the lightest.
const firstTone = '\U0001f3fb'

// reactionItems returns the reactions to a message in Graph's format. Graph leaves out the names of people.
// Source: Graph reference, "chatMessageReaction resource type"; for names and emoji, responses quoted in
// github.com/osodevops/ms-teams-cli/pull/63, read 2026-11.
func (v *View) reactionItems(m *Message) []Object {
	items := []Object{}
	for _, reaction := range m.Reactions {
		user := Object{
			"application": nil, "device": nil, "user": Object{"id": reaction.User, "displayName": nil, "userIdentityType": "aadUser"},
		}
		if reaction.Bot {
			user = Object{"application": Object{"id": v.Opt.AppID, "displayName": nil, "applicationIdentityType": "bot"}, "user": nil}
		}
		kind, name := reactionName(reaction.Type)
		items = append(items, Object{
			"reactionType": kind, "displayName": name, "reactionContentUrl": nil, "createdDateTime": timeOrNil(reaction.At), "user": user,
		})
	}
	return items
}

// reactionName converts the id of a reaction to Graph's reactionType and displayName: "1f440_eyes" to "👀" and "Eyes". If the
// id has no code point, reactionType is the id: "like" becomes "like" and "Like".
func reactionName(id string) (kind, name string) {
	plain, tone, hasTone := strings.Cut(id, "-tone")
	hex, name, hasCodePoint := strings.Cut(plain, "_")
	codePoint, err := strconv.ParseInt(hex, 16, 32)
	if !hasCodePoint || err != nil {
		return plain, capitalize(plain)
	}

	kind = string(rune(codePoint))
	if n, err := strconv.Atoi(tone); hasTone && err == nil {
		kind += string(firstTone + rune(n) - 1)
	}
	return kind, capitalize(name)
}

// capitalize makes the first letter of a name, which must be ASCII, upper case.
func capitalize(name string) string {
	first := min(1, len(name))
	return strings.ToUpper(name[:first]) + name[first:]
}
