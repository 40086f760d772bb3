package site

import (
	"context"
	"fmt"
	"time"

	"parley/bot/web/records"
	"parley/cmd/parley/backup"
	"parley/store/retention"
)

// Kept implements records.Desk.
func (d *recordsDesk) Kept(ctx context.Context) ([]records.Kept, error) {
	k := d.o.Operations.Kept
	due, err := retention.Preview(ctx, d.o.Pool, k)
	if err != nil {
		return nil, err
	}
	list := []records.Kept{
		{What: "Contacts, conversations, messages with their files and originals, the log", For: "ever", Then: "Goes when the customer is erased"},
		{What: "What arrived, as it came", For: days(k.Payloads), Then: "Removed; that it arrived stays known, so that nothing is taken twice", Due: upTo(due.Events)},
		{What: "How messages were delivered, and what was suggested, in conversations that ended", For: days(k.Ended) + " after the end", Then: "Removed", Due: upTo(due.Lanes)},
		{What: "Notes on which cards, marks and private posts stand in the chat", For: days(k.Passing), Then: "Removed; what stands in the chat stays", Due: upTo(due.Passing)},
		{What: "Customers' reactions", For: days(k.Payloads), Then: "Removed; the lines in the threads that tell of them stay", Due: upTo(due.Reactions)},
		{What: "Texts that somebody typed in a channel, outside all threads, and that went to no customer", For: days(k.Payloads), Then: "Removed", Due: upTo(due.Texts)},
		{What: "Who was told already what Parley does in a channel", For: days(k.Ended), Then: "Removed", Due: upTo(due.Told)},
		{What: "Files that belong to no message any more", For: days(k.Blobs), Then: "Removed, also from the object store"},
		{What: "What a model was asked about customers' words, and what it answered", For: "as each account says", Then: "Removed"},
	}
	if d.o.Operations.Backups != "" {
		list = append(list, records.Kept{What: "Nightly backups, and those before the schema changes", For: fmt.Sprintf("%d nights, %d changes", backup.KeepNights, backup.KeepMigrations), Then: "The oldest is removed"})
	}
	return list, nil
}

func days(d time.Duration) string {
	if n := int(d / (24 * time.Hour)); n != 1 {
		return fmt.Sprintf("%d days", n)
	}
	return "1 day"
}

func upTo(n int64) string {
	if n >= retention.MostDue {
		return fmt.Sprintf("%d or more", n)
	}
	return fmt.Sprint(n)
}
