package witness

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/cmd/parley/demo/judge"
	"parley/cmd/parley/demo/outside"
	"parley/cmd/parley/demo/plaintext"
)

// replyCommand begins a reply that is given to the app by name.
var replyCommand = regexp.MustCompile(`(?i)^reply:?\s`)

// lookIntoTeams hears what people write in the threads of customers in Teams, and sees what
// stands there in the customers' names.
func (w *Witness) lookIntoTeams(now time.Time) {
	fake := w.world.Teams
	if fake == nil {
		return
	}
	all := w.world.CanReadAllOfTeams()
	for _, c := range fake.Channels() {
		for _, root := range fake.Roots(c.ID) {
			thread := fake.Thread(c.ID, root.ID)
			if root.Bot && len(thread) > 0 {
				w.lookIntoPost(c.ID, thread, all, now)
			}
		}
	}
}

// lookIntoPost looks into one thread, the root first. all says that Parley may read all
// messages.
func (w *Witness) lookIntoPost(channel string, thread []*teamsfake.Message, all bool, now time.Time) {
	root := thread[0].ID
	at := slices.IndexFunc(thread, func(m *teamsfake.Message) bool { return seenInTeams(m, root).From != "" })
	owner, box := "", ""
	if at >= 0 {
		owner, box = w.findOwner(seenInTeams(thread[at], root))
	}

	var files judge.Arrival // the last post of files so far
	linked := ""            // its text, with links to files
	for _, m := range thread {
		if m.Deleted() {
			continue
		}

		hasPictures := m.Bot && len(m.Pictures) > 0
		if hasPictures && files.From != "" {
			w.noteArrival(judge.Arrival{Key: m.Channel + "/" + m.ID, Way: judge.WayIn, At: m.At, Thread: files.Thread, From: files.From, Files: picturesSeen(m, linked)})
		} else if m.Bot {
			a := seenInTeams(m, root)
			if a.Files > 0 || customerOfFiles(m.Text) != "" {
				files, linked = a, m.Text
			}
			w.noteArrival(a)
		} else if box != "" {
			text, meant := typedInTeams(m)
			w.noteSaying(judge.Saying{Key: channel + "/" + m.ID, Way: judge.WayOut, Who: w.teamsName(m.User), Whom: owner, At: m.At, Text: text,
				Channel: channel, Thread: root, Box: box, Meant: meant, Unheard: !all && !hasAppMention(m)}, now)
		}
	}
}

// seenInTeams is a post of Parley's. A text whose first line is a customer's name is the
// customer's.
func seenInTeams(m *teamsfake.Message, root string) judge.Arrival {
	text := m.Text
	for _, card := range m.Cards {
		text = plaintext.CardText(card)
	}

	a := judge.Arrival{Key: m.Channel + "/" + m.ID, Way: judge.WayIn, At: m.At, Thread: m.Channel + "/" + root, Wording: judge.WordingOf(text)}
	name, rest, _ := strings.Cut(text, "\n")
	if from := customerOfFiles(rest); from != "" {
		a.From, a.Wording = from, judge.Wording{}
		a.Files = strings.Count(rest, downloads) + len(fileWord.FindAllString(rest, -1))
	} else if from, ok := strings.CutSuffix(strings.TrimSpace(name), customerSuffix); ok {
		a.From, a.Wording = judge.NameKey(from), judge.WordingOf(rest)
	} else {
		a.Told = text
	}

	return a
}

// downloads begins the line with the link to a file.
const downloads = "\nDownload "

// picturesSeen counts the pictures that a message shows and that nothing above led to already.
func picturesSeen(m *teamsfake.Message, linked string) (n int) {
	var sent struct {
		Attachments []struct {
			Name string `json:"name"`
		} `json:"attachments"`
	}
	if m.Broken != "" || json.Unmarshal(m.Raw, &sent) != nil {
		return 0
	}

	for _, at := range sent.Attachments {
		if !strings.Contains(linked+"\n", downloads+at.Name+"\n") {
			n++
		}
	}

	return n
}

// typedInTeams is what somebody typed, and whether it looks as if it were for the customer:
// with the app's name only after the word reply.
func typedInTeams(m *teamsfake.Message) (text string, meant bool) {
	text = m.Text
	for _, f := range m.Files {
		if m.Text == "" {
			text += f.Name + " "
		}
	}

	isAgents := m.User == outside.TeamsAnn || m.User == outside.TeamsBen
	inside := !isAgents || insideText.MatchString(text)
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

func hasAppMention(m *teamsfake.Message) bool {
	return slices.ContainsFunc(m.Mentions, func(x teamsfake.Mention) bool { return x.Bot })
}

func (w *Witness) teamsName(id string) string {
	if u, ok := w.world.Teams.User(id); ok {
		return u.Name
	}
	return id
}

// surfaceOf tells by a channel's id where it is; "" means no channel.
func surfaceOf(channel string) string {
	if channel == "" {
		return ""
	}
	if strings.HasPrefix(channel, "19:") { // as in "19:acme…@thread.tacv2"
		return outside.SurfaceTeams
	}
	return outside.SurfaceSlack
}
