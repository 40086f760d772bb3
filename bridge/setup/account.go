package setup

import (
	"cmp"
	"maps"

	"parley/channels"
	"parley/store"
)

// OpenConfig returns the settings of an account for its channel: the stored values, the decrypted secrets, and
// the spec's defaults for what is missing or empty.
// Errors: store.ErrWrongKey.
func OpenConfig(a store.Account, sealer *store.Sealer, spec channels.Spec) (channels.Config, error) {
	config, err := Config(a)
	if err != nil {
		return nil, err
	}

	secrets, err := Secrets(a, sealer)
	if err != nil {
		return nil, err
	}

	maps.Copy(config, secrets)

	for _, f := range spec.Fields {
		config[f.Name] = cmp.Or(config[f.Name], f.Default)
	}

	return config, nil
}

// Account returns the account for channels.Spec.New. config is the result of OpenConfig.
func Account(a store.Account, config channels.Config) channels.Account {
	account := channels.Account{ID: int64(a.ID), Name: a.Name, Config: config}
	if a.BeginsAt != nil {
		account.BeginsAt = *a.BeginsAt
	}
	return account
}
