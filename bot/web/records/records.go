// Package records has the pages on which admins see what was done (the log) and what needs somebody to look at it
// (what stands still), check Parley's health, and erase or export all data of one customer.
//
// What does not belong here: how any of it is stored.
package records

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"io"
	"slices"
	"time"

	"parley/bot/web"
	"parley/bridge"
)

// Desk is what these pages need.
type Desk interface {
	logDesk
	eraseDesk
	stuckDesk
	healthDesk
}

//go:embed *.html
var templates embed.FS

type pages struct {
	desk      Desk
	exporting chan struct{} // has room for the one export that is under way
}

// Area has the pages about what was done.
func Area(desk Desk) web.Area {
	p := pages{desk, make(chan struct{}, 1)}
	return web.Area{
		Name:      "records",
		Templates: templates,
		Routes:    slices.Concat(p.logRoutes(), p.eraseRoutes(), p.stuckRoutes(), p.healthRoutes()),
		Menu: []web.Link{
			{Path: "/settings/log", Text: "Log", For: web.Admins, Rank: 80},
			{Path: "/settings/stuck", Text: "What stands still", For: web.Admins, Rank: 82},
			{Path: "/settings/health", Text: "Health", For: web.Admins, Rank: 81},
			{Path: "/settings/blocked", Text: "Blocked senders", For: web.Admins, Rank: 84},
			{Path: "/settings/erase", Text: "Erase and export", For: web.Admins, Rank: 86},
		},
	}
}

// eraseDesk is what the pages about erasing need.
type eraseDesk interface {
	// FindContacts finds the customers that an address, a number or an id may mean. It leaves out the name and the
	// addresses that a customer has only in accounts that are closed to the viewer, unless the viewer typed them.
	FindContacts(ctx context.Context, viewer bridge.AgentID, text string) ([]Contact, error)

	// CountContact counts what an erasure of a customer would remove.
	CountContact(ctx context.Context, id bridge.ContactID) ([]Place, error)

	// EraseContact erases a customer in somebody's name, and returns the id of the erasure. ErrWaiting and ErrInChats
	// mean that the erasure has begun and goes on by itself. Errors: also ErrNone.
	EraseContact(ctx context.Context, by web.Person, id bridge.ContactID) (erasure string, err error)

	// GoOnErasing goes on with an erasure that has not ended. Errors: ErrWaiting, ErrInChats, ErrNone.
	GoOnErasing(ctx context.Context, erasure string) error

	// Erasures lists the newest erasures.
	Erasures(ctx context.Context) ([]Erasure, error)

	// Certificate returns the certificate of an erasure that is done, as JSON. Errors: ErrNone.
	Certificate(ctx context.Context, erasure string) ([]byte, error)

	// ExportContact writes a zip with all data of a customer to w, piece by piece. Errors: *bridge.Problem if the
	// person may not read all of the customer's conversations.
	ExportContact(ctx context.Context, by web.Person, id bridge.ContactID, w io.Writer) error
}

// Contact is a customer.
type Contact struct {
	ID            bridge.ContactID
	Name          string // "" if nobody knows it, or no account that has the customer is open to the viewer
	Since         time.Time
	Addresses     []string
	Closed        bool // some addresses are not open to the viewer
	Conversations int64
}

// Title names the customer.
func (c Contact) Title() string { return cmp.Or(c.Name, fmt.Sprintf("contact %d", c.ID)) }

// Place is one kind of record that is stored of a customer, and what an erasure does with it.
type Place struct {
	What string // for people
	How  string // removed, emptied
	Rows int64
}

// Erasure is a customer who was erased, or is being erased.
type Erasure struct {
	ID   string
	By   string
	At   time.Time
	Done bool

	InChats int64 // posts in chats that are still to go
}
