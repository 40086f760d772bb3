package demo

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"parley/bot/teams/teamsfake"
)

// replyCommand begins a reply that is given to the app by name.
var replyCommand = regexp.MustCompile(`(?i)^reply:?\s`)

// lookIntoTeams hears what people write in the threads of customers in Teams, and sees what
// stands there in the customers' names.
func (p *Page) lookIntoTeams(now time.Time) {
	fake := p.world.Teams
	if fake == nil {
		return
	}
	all := p.readsAll()
	for _, c := range fake.Channels() {
		for _, root := range fake.Roots(c.ID) {
			if thread := fake.Thread(c.ID, root.ID); root.Bot && len(thread) > 0 {
				p.lookIntoPost(c.ID, thread, all, now)
			}
		}
	}
}

// lookIntoPost looks into one thread, the root first. All says that Parley may read all
// messages.
func (p *Page) lookIntoPost(channel string, thread []*teamsfake.Message, all bool, now time.Time) {
	root := thread[0].ID
	at := slices.IndexFunc(thread, func(m *teamsfake.Message) bool { return seenInTeams(m, root).from != "" })
	owner, box := "", ""
	if at >= 0 {
		owner, box = p.owner(seenInTeams(thread[at], root))
	}
	for _, m := range thread {
		switch {
		case m.Deleted():
		case m.Bot:
			p.witness.see(seenInTeams(m, root))
		case box != "":
			text, meant := p.typedInTeams(m)
			p.witness.hear(saying{Key: channel + "/" + m.ID, Way: wayOut, Who: p.teamsName(m.User), Whom: owner, At: m.At, Text: text,
				Channel: channel, Thread: root, Box: box, Meant: meant, Unheard: !all && !mentionsApp(m)}, now)
		}
	}
}

// seenInTeams is a post of Parley's. A text whose first line is a customer's name is the
// customer's.
func seenInTeams(m *teamsfake.Message, root string) arrival {
	text := m.Text
	for _, card := range m.Cards {
		text = cardText(card)
	}
	a := arrival{Key: m.Channel + "/" + m.ID, Way: wayIn, At: m.At, Thread: m.Channel + "/" + root, wording: wordingOf(text)}
	name, rest, _ := strings.Cut(text, "\n")
	if from, ok := strings.CutSuffix(strings.TrimSpace(name), customerSuffix); ok {
		a.from, a.wording = nameKey(from), wordingOf(rest)
	} else {
		a.told = text
	}
	return a
}

// typedInTeams is what somebody typed, and whether it looks as if it were for the customer:
// with the app's name only after the word reply.
func (p *Page) typedInTeams(m *teamsfake.Message) (text string, meant bool) {
	text = m.Text
	for _, f := range m.Files {
		if m.Text == "" {
			text += f.Name + " "
		}
	}
	inside := insideText.MatchString(text) || m.User != TeamsAnn && m.User != TeamsBen
	for _, x := range m.Mentions {
		if !x.Bot {
			inside = true
			continue
		}
		text = strings.TrimSpace(strings.Replace(text, "@"+x.Name, "", 1))
		begin := replyCommand.FindString(text)
		inside = inside || begin == ""
		text = text[len(begin):]
	}
	return text, !inside
}

// readsAll tells whether Teams lets Parley read all messages of its channels.
func (p *Page) readsAll() bool {
	return slices.Contains(p.world.Teams.Info().Permissions, teamsfake.PermitMessages)
}

func mentionsApp(m *teamsfake.Message) bool {
	return slices.ContainsFunc(m.Mentions, func(x teamsfake.Mention) bool { return x.Bot })
}

func (p *Page) teamsName(id string) string {
	if u, ok := p.world.Teams.User(id); ok {
		return u.Name
	}
	return id
}

// surfaceOf tells by a channel's id where it is; "" = no channel.
func surfaceOf(channel string) string {
	switch {
	case channel == "":
		return ""
	case strings.HasPrefix(channel, "19:"):
		return SurfaceTeams
	}
	return SurfaceSlack
}
