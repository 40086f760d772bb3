package demo

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"parley/bot/teams/teamsfake"
)

// Parley opens a thread in Teams for each conversation with a customer. This file reads all these threads from the
// emulated Teams. A post by Parley's app is an observation: it may show a message from the customer, such as Dana's "Where
// is my parcel?". A post by a person is a sent message: a reply that should reach the customer, or a note for
// colleagues.

// replyCommand matches the command that marks a post that mentions the app as a reply to the customer:
// "@Parley reply …".
var replyCommand = regexp.MustCompile(`(?i)^reply:?\s`)

// observeTeams reads all customers' threads in Teams. It does nothing if the company has no Teams. Caller holds o.mu.
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

// observeTeamsThread records each message of a thread, beginning with its first post. canReadAll says that Parley may
// read all messages, and not only those that mention its app. Caller holds o.mu.
func (o *Observer) observeTeamsThread(channel string, thread []*teamsfake.Message, canReadAll bool, now time.Time) {
	root := thread[0].ID
	from := o.teamsCustomerOf(thread)
	if from.isKnown() {
		o.forgetTyped(channel, root)
	}

	var files filePost // the latest one so far
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

// teamsCustomerOf returns the customer of a thread; the zero value if the thread has no post under a customer's name.
// Caller holds o.mu.
func (o *Observer) teamsCustomerOf(thread []*teamsfake.Message) customer {
	root := thread[0].ID
	for _, m := range thread {
		if seen := teamsObservation(m, root); seen.CustomerKey != "" {
			return o.findCustomer(seen)
		}
	}
	return customer{}
}

// teamsReply converts a person's post in a customer's thread to a sent message.
func (o *Observer) teamsReply(m *teamsfake.Message, root string, to customer) SentMessage {
	text, isForCustomer := teamsText(m)
	return SentMessage{
		Key:         m.Channel + "/" + m.ID,
		Direction:   Outbound,
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

// filePost is a post that lists a customer's files with links. If some of them are pictures, further posts that show them
// follow it.
type filePost struct {
	observation Observation
	text        string
}

// observePictures converts a post with pictures that follows p to an observation.
func (p filePost) observePictures(m *teamsfake.Message) Observation {
	return Observation{
		Key:         m.Channel + "/" + m.ID,
		Direction:   Inbound,
		At:          m.At,
		Thread:      p.observation.Thread,
		CustomerKey: p.observation.CustomerKey,
		Files:       countPictures(m, p.text),
	}
}

// teamsObservation converts a post by Parley to an observation. There are three kinds of posts: a customer's text, with the
// customer's name as its first line, "Dana Cole (customer)"; a customer's files; and a notice in Parley's own words.
func teamsObservation(m *teamsfake.Message, root string) Observation {
	text := m.Text
	for _, card := range m.Cards {
		text = CardText(card)
	}

	seen := Observation{
		Key:       m.Channel + "/" + m.ID,
		Direction: Inbound,
		At:        m.At,
		Thread:    m.Channel + "/" + root,
		Wording:   WordingOf(text),
	}
	first, rest, _ := strings.Cut(text, "\n")
	name, isOfCustomer := strings.CutSuffix(strings.TrimSpace(first), customerSuffix)
	sender := fileCustomerIn(rest)

	switch {
	case sender != "":
		seen.CustomerKey = sender
		seen.Wording = Wording{}
		seen.Files = strings.Count(rest, downloadLine) + len(fileNotice.FindAllString(rest, -1))
	case isOfCustomer:
		seen.CustomerKey = NameKey(name)
		seen.Wording = WordingOf(rest)
	default:
		seen.Notice = text
	}

	return seen
}

// downloadLine precedes a file's name in the line that links to the file.
const downloadLine = "\nDownload "

// countPictures counts the pictures in a message, except those that linked already has a download link for. linked is the
// text of the post that lists the files. A file with a link and a picture would otherwise be counted twice.
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

// blockquote matches a quotation in a message's HTML.
var blockquote = regexp.MustCompile(`(?s)<blockquote>.*?</blockquote>`)

// teamsText returns the text of a post and whether it is, by its form, a reply to the customer. A post that mentions the
// app is a reply only if the word reply follows the mention. The text omits quotations unless there is nothing else.
func teamsText(m *teamsfake.Message) (text string, isForCustomer bool) {
	text = cmp.Or(teamsfake.Plain(blockquote.ReplaceAllString(m.HTML, "")), m.Text)
	for _, f := range m.Files {
		if m.Text == "" {
			text += f.Name + " "
		}
	}

	isAgents := m.User == TeamsAnn || m.User == TeamsBen
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

// surfaceFor returns the chat program to which a channel id belongs: company.SurfaceSlack or company.SurfaceTeams. It
// returns "" if channel is "".
func surfaceFor(channel string) string {
	if channel == "" {
		return ""
	}
	if strings.HasPrefix(channel, "19:") { // as in "19:acme…@thread.tacv2"
		return SurfaceTeams
	}
	return SurfaceSlack
}
