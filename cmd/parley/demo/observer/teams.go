package observer

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/client"
	"parley/cmd/parley/demo/checker"
	"parley/cmd/parley/demo/company"
	"parley/cmd/parley/demo/plaintext"
)

// The observer reads each thread in Teams whose first post is Parley's. Posts of the app are observations: what
// arrived from the customer. Posts of people are sent messages: replies that should reach the customer, or notes
// for colleagues.

// replyCommand matches the word with which an agent who mentions the app begins a reply to the customer: "@Parley
// reply …".
var replyCommand = regexp.MustCompile(`(?i)^reply:?\s`)

// observeTeams records what people write in the customers' threads in Teams, and what Parley posts there. It does
// nothing without Teams. Caller holds o.mu.
func (o *Observer) observeTeams(now time.Time) {
	fake := o.company.Teams
	if fake == nil {
		return
	}
	canReadAll := o.company.CanReadAllOfTeams()
	for _, c := range fake.Channels() {
		for _, root := range fake.Roots(c.ID) {
			thread := fake.Thread(c.ID, root.ID)
			if root.Bot && len(thread) > 0 {
				o.observeTeamsThread(c.ID, thread, canReadAll, now)
			}
		}
	}
}

// observeTeamsThread looks at each message of a thread, the root first. canReadAll says that Parley may read all of them. Caller
// holds o.mu.
func (o *Observer) observeTeamsThread(channel string, thread []*teamsfake.Message, canReadAll bool, now time.Time) {
	root := thread[0].ID
	from := o.teamsCustomerOf(thread)
	if from.isKnown() {
		o.forgetTyped(channel, root)
	}

	var files filePost // the last one so far
	for _, m := range thread {
		switch {
		case m.Deleted():
		case m.Bot && len(m.Pictures) > 0 && files.observation.CustomerKey != "":
			o.recordObserved(files.observePictures(m))
		case m.Bot:
			seen := teamsObservation(m, root)
			if seen.Files > 0 || fileCustomerIn(m.Text) != "" {
				files = filePost{observation: seen, text: m.Text}
			}
			o.recordObserved(seen)
		case from.isKnown():
			s := o.teamsReply(m, root, from)
			s.Unannounced = !canReadAll && !hasAppMention(m)
			o.recordSent(s, now)
		}
	}
}

// teamsCustomerOf returns a thread's customer, who is not known if nothing of a customer stands there. Caller holds o.mu.
func (o *Observer) teamsCustomerOf(thread []*teamsfake.Message) customer {
	root := thread[0].ID
	for _, m := range thread {
		if seen := teamsObservation(m, root); seen.CustomerKey != "" {
			return o.findCustomer(seen)
		}
	}
	return customer{}
}

// teamsReply makes the sent message of what a person typed in a customer's thread.
func (o *Observer) teamsReply(m *teamsfake.Message, root string, to customer) checker.SentMessage {
	text, isForCustomer := teamsText(m)
	return checker.SentMessage{
		Key:         m.Channel + "/" + m.ID,
		Direction:   checker.Outbound,
		Author:      o.teamsName(m.User),
		Recipient:   to.name,
		SentAt:      m.At,
		Text:        text,
		Channel:     m.Channel,
		Thread:      root,
		Mailbox:     to.mailbox,
		ForCustomer: isForCustomer,
		IsNote:      !isForCustomer && noteText.MatchString(text),
	}
}

// filePost is a post that names a customer's files, with links to them. Posts with the pictures among them follow it.
type filePost struct {
	observation checker.Observation
	text        string
}

// observePictures makes the observation of a post with pictures that follows.
func (p filePost) observePictures(m *teamsfake.Message) checker.Observation {
	return checker.Observation{
		Key:         m.Channel + "/" + m.ID,
		Direction:   checker.Inbound,
		At:          m.At,
		Thread:      p.observation.Thread,
		CustomerKey: p.observation.CustomerKey,
		Files:       countPictures(m, p.text),
	}
}

// teamsObservation makes the observation of a post of Parley's. If the first line is a customer's name, as in "Dana
// Cole (customer)", the rest is what the customer wrote. Otherwise the text is Parley's own, except for a post of
// files.
func teamsObservation(m *teamsfake.Message, root string) checker.Observation {
	text := m.Text
	for _, card := range m.Cards {
		text = plaintext.CardText(card)
	}

	seen := checker.Observation{
		Key:       m.Channel + "/" + m.ID,
		Direction: checker.Inbound,
		At:        m.At,
		Thread:    m.Channel + "/" + root,
		Wording:   checker.WordingOf(text),
	}
	first, rest, _ := strings.Cut(text, "\n")
	name, isOfCustomer := strings.CutSuffix(strings.TrimSpace(first), customerSuffix)
	sender := fileCustomerIn(rest)

	switch {
	case sender != "":
		seen.CustomerKey = sender
		seen.Wording = checker.Wording{}
		seen.Files = strings.Count(rest, downloadLine) + len(fileNotice.FindAllString(rest, -1))
	case isOfCustomer:
		seen.CustomerKey = checker.NameKey(name)
		seen.Wording = checker.WordingOf(rest)
	default:
		seen.Notice = text
	}

	return seen
}

// downloadLine begins the line with the link to a file.
const downloadLine = "\nDownload "

// countPictures counts the pictures that a message shows and to which no link above it leads. linked is the text with the
// links.
func countPictures(m *teamsfake.Message, linked string) (n int) {
	var sent struct {
		Attachments []struct {
			Name string `json:"name"`
		} `json:"attachments"`
	}
	if m.NotShown != "" || json.Unmarshal(m.Raw, &sent) != nil {
		return 0
	}

	for _, at := range sent.Attachments {
		if !strings.Contains(linked+"\n", downloadLine+at.Name+"\n") {
			n++
		}
	}

	return n
}

// blockquote matches a quotation in what somebody typed.
var blockquote = regexp.MustCompile(`(?s)<blockquote>.*?</blockquote>`)

// teamsText returns what somebody typed, and whether it looks as if it were for the customer. A message that
// mentions the app is for the customer only if the word reply follows the mention. Quotations are left out unless
// there is nothing else.
func teamsText(m *teamsfake.Message) (text string, isForCustomer bool) {
	text = cmp.Or(client.Plain(blockquote.ReplaceAllString(m.HTML, "")), m.Text)
	for _, f := range m.Files {
		if m.Text == "" {
			text += f.Name + " "
		}
	}

	isAgents := m.User == company.TeamsAnn || m.User == company.TeamsBen
	isInside := !isAgents || internalText.MatchString(text)
	for _, x := range m.Mentions {
		if !x.Bot {
			isInside = true
			continue
		}

		text = strings.TrimSpace(strings.Replace(text, "@"+x.Name, "", 1))
		begin := replyCommand.FindString(text)
		isInside = isInside || begin == ""
		text = text[len(begin):]
	}

	return text, !isInside
}

func hasAppMention(m *teamsfake.Message) bool {
	return slices.ContainsFunc(m.Mentions, func(x teamsfake.Mention) bool { return x.Bot })
}

func (o *Observer) teamsName(id string) string {
	if u, ok := o.company.Teams.User(id); ok {
		return u.Name
	}
	return id
}

// surfaceFor returns the surface (Slack or Teams) to which a channel's id belongs; "" for no channel.
func surfaceFor(channel string) string {
	if channel == "" {
		return ""
	}
	if strings.HasPrefix(channel, "19:") { // as in "19:acme…@thread.tacv2"
		return company.SurfaceTeams
	}
	return company.SurfaceSlack
}
