package demo

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/cmd/parley/demo/plaintext"
)

// shownActivity is how many entries the activity feed has.
const shownActivity = 30

// teamsState is what one person sees in the small Teams on the demo's page. The page asks for it after each change.
type teamsState struct {
	On       bool              `json:"on"` // there is Teams
	Users    []teamsfake.User  `json:"users"`
	Team     string            `json:"team"`
	Channels []teamsChannel    `json:"channels"`
	Chat     teamsChannel      `json:"chat"`     // with the app
	Posts    []teamsPost       `json:"posts"`    // of the open channel
	Thread   []teamsMessage    `json:"thread"`   // the open one, the root first; or the open chat
	Activity []teamsActivity   `json:"activity"` // the newest first
	Noticed  int               `json:"noticed"`  // how many entries the activity feed would have without a limit
	Dialog   *teamsfake.Dialog `json:"dialog"`
	ReadsAll bool              `json:"reads_all"` // Parley may read all messages
}

// teamsChannel is an entry of the side bar.
type teamsChannel struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Unread   int    `json:"unread"`
	Mentions int    `json:"mentions"`
}

// teamsPost is the first message of a thread, with a summary of the replies.
type teamsPost struct {
	teamsMessage
	Replies int       `json:"replies"`
	Who     []string  `json:"who"` // of the replies: people, "" means the app; the last ones first
	Last    time.Time `json:"last"`
	Unread  int       `json:"unread"`
}

// teamsActivity is something that a person is told of.
type teamsActivity struct {
	Kind    string    `json:"kind"`
	Channel string    `json:"channel"`
	Thread  string    `json:"thread"`
	ID      string    `json:"id"`
	User    string    `json:"user"` // "" means the app
	Text    string    `json:"text"`
	At      time.Time `json:"at"`
	Unread  bool      `json:"unread"`
}

// teamsMessage is a message as one person sees it.
type teamsMessage struct {
	ID        string               `json:"id"`
	Channel   string               `json:"channel"`
	Root      string               `json:"root"`
	User      string               `json:"user"` // "" means not a person
	Bot       bool                 `json:"bot"`
	Guise     string               `json:"guise"`
	Subject   string               `json:"subject"`
	HTML      string               `json:"html"`
	Text      string               `json:"text"`
	Mentions  []teamsfake.Mention  `json:"mentions"`
	Cards     []json.RawMessage    `json:"cards"`
	Pictures  int                  `json:"pictures"` // that the app sent; see teamsPicture
	Suggested json.RawMessage      `json:"suggested"`
	Files     []*teamsfake.File    `json:"files"`
	Reactions []teamsfake.Reaction `json:"reactions"`
	Private   bool                 `json:"private"` // only this person and the app see it
	Prompt    string               `json:"prompt"`  // what it answers privately
	Broken    string               `json:"broken"`  // why it isn't shown
	At        time.Time            `json:"at"`
	Edited    bool                 `json:"edited"`
	Deleted   bool                 `json:"deleted"`
}

// readState returns what the person with the user id as sees. channel and thread say what is open; channel may be
// "chat" for the person's chat with the app. The result is empty without Teams.
func (p *teamsPane) readState(as, channel, thread string) teamsState {
	fake := p.company.Teams
	if fake == nil {
		return teamsState{}
	}

	s := teamsState{
		On:       true,
		Users:    fake.Users(),
		Channels: []teamsChannel{},
		Posts:    []teamsPost{},
		Thread:   []teamsMessage{},
		Activity: []teamsActivity{},
		Dialog:   fake.Dialog(as),
		ReadsAll: p.company.CanReadAllOfTeams(),
	}
	for _, t := range fake.Teams() {
		s.Team = t.Name
	}

	p.marks.mu.Lock()
	defer p.marks.mu.Unlock()

	for _, c := range fake.Channels() {
		shown := fake.Shown(as, c.ID)
		row, activity := p.teamsRow(as, c.ID, shown)
		row.Name = c.Name
		s.Channels = append(s.Channels, row)
		s.Activity = append(s.Activity, activity...)
		if c.ID == channel {
			s.Posts = p.teamsPosts(as, shown)
			if thread != "" {
				s.Thread = teamsThread(as, shown, thread)
			}
		}
	}

	chat := fake.PersonalID(as)
	shown := fake.Shown(as, "")
	row, activity := p.teamsRow(as, chat, shown)
	s.Chat = row
	s.Activity = append(s.Activity, activity...)
	if channel == chat || channel == "chat" {
		s.Thread = teamsThread(as, shown[max(0, len(shown)-maxMessages):], "")
	}

	slices.SortStableFunc(s.Activity, func(a, b teamsActivity) int { return b.At.Compare(a.At) })
	s.Noticed = len(s.Activity)
	s.Activity = s.Activity[:min(s.Noticed, shownActivity)]
	return s
}

// readKey returns the key under which marks remember what a person has read in a channel or a thread.
func readKey(as, channel, thread string) string { return as + " " + channel + " " + thread }

// isInPlace reports whether a message stands in a thread. If thread is "", it reports whether the message is a post
// of a channel or stands in a chat.
func isInPlace(m *teamsfake.Message, thread string) bool {
	isPost := thread == "" && m.Root == m.ID
	return isPost || m.Root == thread
}

// teamsRow counts what a person has not seen in a channel, and returns what the person is told of there. Caller holds
// p.marks.mu.
func (p *teamsPane) teamsRow(as, channel string, shown []*teamsfake.Message) (row teamsChannel, activity []teamsActivity) {
	row.ID = channel
	hasWritten := map[string]bool{} // by thread: whether the person did
	for _, m := range shown {
		if m.User == as {
			hasWritten[m.Root] = true
			continue
		}
		if m.Deleted() {
			continue
		}

		place := m.Root
		if m.Root == m.ID {
			place = ""
		}

		isUnread := m.ID > p.marks.read[readKey(as, channel, place)]
		if isUnread && place == "" {
			row.Unread++
		}

		kind := activityKind(m, as, hasWritten[m.Root] && place != "")
		if isUnread && kind == kindMention {
			row.Mentions++
		}
		if kind != "" {
			activity = append(activity, newActivity(m, kind, channel, isUnread))
		}
	}

	return row, activity
}

// Kinds of activity.
const (
	kindMention = "mention"
	kindReply   = "reply" // in a thread in which the person wrote
	kindChat    = "chat"  // of the app, to the person alone
)

// activityKind returns the kind of activity that a message is for a person; "" means that the person isn't told of it.
// isReply says that it follows a message of the person's in a thread.
func activityKind(m *teamsfake.Message, as string, isReply bool) string {
	isMentioned := slices.ContainsFunc(m.Mentions, func(x teamsfake.Mention) bool { return x.ID == as })
	if isMentioned {
		return kindMention
	}
	if m.Root == "" {
		return kindChat
	}
	if isReply && !m.Bot {
		return kindReply
	}
	return ""
}

func newActivity(m *teamsfake.Message, kind, channel string, isUnread bool) teamsActivity {
	text := m.Text
	for _, card := range m.Cards {
		text = strings.TrimSpace(text + " " + plaintext.CardText(card))
	}
	return teamsActivity{
		Kind:    kind,
		Channel: channel,
		Thread:  m.Root,
		ID:      m.ID,
		User:    m.User,
		Text:    plaintext.Excerpt(text, plaintext.RowRunes),
		At:      m.At,
		Unread:  isUnread,
	}
}

// teamsPosts lists a channel's threads, oldest first. Caller holds p.marks.mu.
func (p *teamsPane) teamsPosts(as string, shown []*teamsfake.Message) []teamsPost {
	posts := []teamsPost{}
	at := map[string]int{} // by thread: its index in posts
	for _, m := range shown {
		i, known := at[m.Root]
		if !known && m.Root != m.ID {
			continue // a private message outside of a thread
		}

		if !known {
			at[m.Root] = len(posts)
			posts = append(posts, teamsPost{teamsMessage: teamsView(m, as), Who: []string{}})
			continue
		}

		post := &posts[i]
		if m.Deleted() || m.Targeted != "" {
			continue
		}

		post.Replies++
		post.Last = m.At
		post.Who = slices.Insert(slices.DeleteFunc(post.Who, func(id string) bool { return id == m.User }), 0, m.User)
		if m.User != as && m.ID > p.marks.read[readKey(as, m.Channel, m.Root)] {
			post.Unread++
		}
	}

	return posts[max(0, len(posts)-maxMessages):]
}

func teamsThread(as string, shown []*teamsfake.Message, root string) []teamsMessage {
	list := []teamsMessage{}
	for _, m := range shown {
		if m.Root == root {
			list = append(list, teamsView(m, as))
		}
	}
	return list
}

// teamsView is a message as a person sees it.
func teamsView(m *teamsfake.Message, as string) teamsMessage {
	cards := m.Cards
	if own := m.View[as]; own != nil {
		cards = []json.RawMessage{own}
	}
	return teamsMessage{
		ID:        m.ID,
		Channel:   m.Channel,
		Root:      m.Root,
		User:      m.User,
		Bot:       m.Bot,
		Guise:     m.PostedAs,
		Subject:   m.Subject,
		HTML:      m.HTML,
		Text:      m.Text,
		Mentions:  m.Mentions,
		Cards:     cards,
		Pictures:  len(sentPictures(m)),
		Suggested: m.Suggested,
		Files:     m.Files,
		Reactions: m.Reactions,
		Private:   m.Targeted != "",
		Prompt:    m.Prompt,
		Broken:    m.NotShown,
		At:        m.At,
		Edited:    !m.EditedAt.IsZero(),
		Deleted:   m.Deleted(),
	}
}

// sentPictures returns the addresses of the pictures in a message of the app, mostly data URIs.
func sentPictures(m *teamsfake.Message) []string {
	var sent struct {
		Attachments []struct {
			Type string `json:"contentType"`
			URL  string `json:"contentUrl"`
		} `json:"attachments"`
	}
	if m.Raw == nil || json.Unmarshal(m.Raw, &sent) != nil {
		return nil
	}

	var urls []string
	for _, a := range sent.Attachments {
		if strings.HasPrefix(a.Type, "image/") {
			urls = append(urls, a.URL)
		}
	}

	return urls
}
