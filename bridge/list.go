package bridge

import (
	"time"

	"parley/store"
)

// ListQuery asks for a page of conversations: those of a list, such as "mine", or those that match a search.
type ListQuery struct {
	List  ListName // "" means ListMine; ignored if Words is set
	Words string   // search terms, found in names, addresses, numbers, subjects, tags and messages
	ListView
	After  string // the page of a list begins behind this place, which is Listing.Next of the page before
	Before string // see ListArgs
	Page   int    // of search results, from 0
	Limit  int    // rows on a page of a list; 0 means the usual number
	Counts bool   // also counts the conversations of the lists, on the first page
	Today  bool   // also count what the day has for the reader
}

// ListView restricts a list, and says how it is sorted. Its values are what people type or choose; the zero value shows all of a list
// in its own order.
type ListView struct {
	Status  string   `json:"status,omitempty"`  // a Status, instead of the list's own ones
	Account string   `json:"account,omitempty"` // the name of an account, or a kind of channel: "whatsapp"
	Tag     string   `json:"tag,omitempty"`
	Label   string   `json:"label,omitempty"`
	Agent   string   `json:"agent,omitempty"` // a name, an e-mail address or a user of the chat; AgentMe or AgentNobody
	Team    string   `json:"team,omitempty"`
	Since   string   `json:"since,omitempty"`  // a duration before now, such as "7d", or a day: "2026-11-01"
	Until   string   `json:"until,omitempty"`  // as Since; a day is included
	Unread  string   `json:"unread,omitempty"` // UnreadOnly
	Sort    ListSort `json:"sort,omitempty"`
}

// UnreadOnly is the value of ListView.Unread.
const UnreadOnly = "yes"

// Values of ListView.Agent that are no names.
const (
	AgentMe     = "me"
	AgentNobody = "nobody"
)

// ListSort is an order of a list. Package store defines them.
type ListSort = store.ListSort

// Orders of lists.
const (
	SortPressing = store.SortPressing
	SortNewest   = store.SortNewest
	SortWaiting  = store.SortWaiting
)

// ListSorts returns the orders of lists.
func ListSorts() []ListSort { return []ListSort{SortPressing, SortNewest, SortWaiting} }

// Listing is the answer to a ListQuery.
type Listing struct {
	ListQuery
	Rows   []Facts
	More   bool       // there is another page
	Next   string     // its ListQuery.After, if it is a list's
	Hidden []ListName // lists that the reader may not open
	Day    *Today     // what the day has for the reader; nil unless ListQuery.Today is set
	// Counts of the lists of what isn't over, up to MaxListCount; nil for search results.
	Counts map[ListName]int
	Chats  []Chat     // the reader's latest with colleagues, on the first page of ListMine
	Unread []ListName // those of the lists that are counted in which something is unread; together with Counts
	Now    time.Time  // when it was read, by Parley's clock; zero for a chat
}

// Chat is a chat of the reader with a colleague, in the chat program itself.
type Chat struct {
	With  AgentRef
	About ConversationID `json:",omitempty"`
}

// MaxListCount is where the counts of lists end: there are as many or more.
const MaxListCount = store.MaxListCount

// ListChoices are the values of a ListView that somebody can choose from.
type ListChoices struct {
	Accounts []AccountRef
	Tags     []Tag
	Agents   []AgentRef
	Teams    []string
}

// TooShort is the Problem.Code for search terms that are too short.
const TooShort = "too_short"

// ListName is the name of a list of conversations.
type ListName = store.ListName

// Lists that people open. Package store defines their contents.
const (
	ListMine       = store.ListMine
	ListUnassigned = store.ListUnassigned
	ListTeam       = store.ListTeam
	ListAll        = store.ListAll
	ListWaiting    = store.ListWaiting
	ListSnoozed    = store.ListSnoozed
	ListResolved   = store.ListResolved
	ListClosed     = store.ListClosed
	ListArchived   = store.ListArchived
	ListBlocked    = store.ListBlocked
)

// Lists returns the lists that people open, in the order in which they are offered.
func Lists() []ListName {
	return []ListName{
		ListMine, ListUnassigned, ListTeam, ListAll, ListWaiting, ListSnoozed, ListResolved, ListClosed, ListArchived,
		ListBlocked,
	}
}

// Names for conversations that are listed for another reason than that an agent opened a list.
const (
	// ListPick holds the conversations to choose from in a form: all or, for an agent who may not open ListAll, the
	// agent's own and those of the agent's teams.
	ListPick ListName = "pick"

	ListFound     ListName = "find"      // search results
	ListNext      ListName = "next"      // the conversation that the agent should turn to next
	ListToday     ListName = "today"     // what an agent's day begins with
	ListAssigned  ListName = "assigned"  // a conversation that was just assigned to the agent
	ListWoke      ListName = "woke"      // conversations whose snooze is over
	ListLate      ListName = "late"      // conversations whose customers should have been answered by now
	ListElsewhere ListName = "elsewhere" // a conversation about which the agent is notified outside its thread
)

// Today counts an agent's own unfinished conversations, for the start of a day.
type Today = store.Today

// ListQuery returns the query that the arguments of VerbList ask for.
func (a Args) ListQuery() ListQuery {
	if a.List == ListFound {
		return ListQuery{Words: a.Note, Page: a.Page}
	}
	return ListQuery{List: a.List, ListView: a.View, After: a.After, Before: a.Before, Counts: true}
}
