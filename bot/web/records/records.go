// Package records has the pages on which admins see what was done and what stands still, and erase customers.
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
	return web.Area{Name: "records", Templates: templates, Routes: slices.Concat(p.logRoutes(), p.eraseRoutes(), p.stuckRoutes(), p.healthRoutes()),
		Menu: []web.Link{
			{Path: "/settings/log", Text: "Log", For: web.Admins, Rank: 80},
			{Path: "/settings/stuck", Text: "What stands still", For: web.Admins, Rank: 82},
			{Path: "/settings/health", Text: "Health", For: web.Admins, Rank: 81},
			{Path: "/settings/blocked", Text: "Blocked senders", For: web.Admins, Rank: 84},
			{Path: "/settings/erase", Text: "Erase and export", For: web.Admins, Rank: 86},
		}}
}

// eraseDesk is what the pages about erasing need.
type eraseDesk interface {
	// FindContacts finds the customers that an address, a number or an id may mean. Of what they are in accounts that are closed to the
	// viewer it returns no more than the viewer asked for.
	FindContacts(ctx context.Context, viewer bridge.AgentID, text string) ([]Contact, error)

	// CountContact says what an erasure of a customer would remove.
	CountContact(ctx context.Context, id bridge.ContactID) ([]Place, error)

	// EraseContact erases a customer in somebody's name, and returns the erasure. Errors: ErrWaiting, ErrInChats, ErrNone.
	EraseContact(ctx context.Context, by web.Person, id bridge.ContactID) (erasure string, err error)

	// GoOnErasing goes on with an erasure that has not ended. Errors: ErrWaiting, ErrInChats, ErrNone.
	GoOnErasing(ctx context.Context, erasure string) error

	// Erasures lists the newest erasures.
	Erasures(ctx context.Context) ([]Erasure, error)

	// Certificate returns the certificate of an erasure that is done, as JSON. Errors: ErrNone.
	Certificate(ctx context.Context, erasure string) ([]byte, error)

	// ExportContact writes a customer's zip for somebody, of which it keeps no more than a piece in memory. Errors: *bridge.Problem if
	// they may not read all of the customer's conversations.
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

// Place is where something of a customer stands.
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
