package setup

import (
	"bytes"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/channels"
)

// writeFile writes the configuration of a running Parley as parley.yaml, so that an admin can edit the file and apply it
// again, to the same Parley or to another one. Parse reads the same format. A small file looks like this:
//
//	company: Acme
//	agents:
//	  - email: ann@acme.example
//	    slack: U012AB3CD
//	teams:
//	  - name: Support
//	    members: [ann@acme.example]
//	    slack_channel: C012AB3CD
//
// A key without a value is left out. Secrets are not exported. In place of each secret, the file has a
// variable such as ${SUPPORT_MAIL_IMAP_PASSWORD}. specs describes the fields that accounts of each kind have, such as
// the IMAP server of an email account. writeFile returns an error if an account's kind is not among specs.
func writeFile(s *State, specs []channels.Spec) ([]byte, error) {
	for _, a := range s.Accounts {
		if SpecOf(specs, a.Row.Kind) == nil {
			return nil, fmt.Errorf("setup: export: account %s is of kind %q, which this version of Parley doesn't have", a.Row.Name, a.Row.Kind)
		}
	}

	file := Company(s)
	for _, k := range kinds(specs) {
		file.AddMappings(k.called().list, k.export(s))
	}
	file.AddMappings("roles", mapped(s.Roles, Role))
	file.AddMappings("knowledge", mapped(s.Knowledge, Source))

	const noIndent = ""
	var out bytes.Buffer
	file.Write(&out, noIndent, noIndent) // for the first key and for the others
	return out.Bytes(), nil
}

// mapped returns the entries of things.
func mapped[T any](things []T, write func(T) *Mapping) (entries []*Mapping) {
	for _, t := range things {
		entries = append(entries, write(t))
	}
	return entries
}

// Company returns the keys at the top of the file: the company's name, and the settings that apply to all accounts.
func Company(s *State) *Mapping {
	file := &Mapping{}
	file.AddText("company", s.Company)
	writeSettings(file, s.Settings)
	writeRetention(file, s.Retention)
	return file
}

// Export writes parley.yaml from the database. Secrets are replaced by ${ACCOUNT_FIELD}; when these
// variables are set, applying the file changes nothing.
// Errors: an account of a channel that this version doesn't have, because the file would be incomplete.
func Export(ctx context.Context, pool *pgxpool.Pool, specs []channels.Spec) ([]byte, error) {
	s, err := Load(ctx, pool, nil)
	if err != nil {
		return nil, err
	}
	return writeFile(s, specs)
}
