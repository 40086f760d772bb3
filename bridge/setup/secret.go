package setup

import (
	"encoding/json"
	"fmt"

	"parley/channels"
	"parley/store"
)

// Open returns the settings of an account for its channel: the stored values, the decrypted secrets, and
// the spec's defaults for what is missing or empty.
// Errors: store.ErrWrongKey.
func Open(a store.Account, sealer *store.Sealer, spec channels.Spec) (channels.Config, error) {
	config, err := openConfig(a)
	if err != nil {
		return nil, err
	}
	secrets, err := openSecrets(a, sealer)
	if err != nil {
		return nil, err
	}
	for name, value := range secrets {
		config[name] = value
	}
	for _, f := range spec.Fields {
		if config[f.Name] == "" && f.Default != "" {
			config[f.Name] = f.Default
		}
	}
	return config, nil
}

// Account returns the account for channels.Spec.New. config is the result of Open.
func Account(a store.Account, config channels.Config) channels.Account {
	account := channels.Account{ID: int64(a.ID), Name: a.Name, Config: config}
	if a.BeginsAt != nil {
		account.BeginsAt = *a.BeginsAt
	}
	return account
}

// openConfig reads the settings that are not encrypted. A secret that is set has an empty value among them,
// so that Export knows of it without the master key.
func openConfig(a store.Account) (channels.Config, error) {
	config := channels.Config{}
	if len(a.Config) == 0 {
		return config, nil
	}
	if err := json.Unmarshal(a.Config, &config); err != nil {
		return nil, fmt.Errorf("setup: account %s: stored settings: %w", a.Name, err)
	}
	return config, nil
}

// openSecrets decrypts an account's secrets.
func openSecrets(a store.Account, sealer *store.Sealer) (map[string]string, error) {
	secrets := map[string]string{}
	if len(a.Secrets) == 0 {
		return secrets, nil
	}
	plain, err := sealer.Open(secretsOf(a.Name), a.Secrets)
	if err != nil {
		return nil, fmt.Errorf("setup: account %s: secrets: %w", a.Name, err)
	}
	if err := json.Unmarshal(plain, &secrets); err != nil {
		return nil, fmt.Errorf("setup: account %s: secrets are no list of values", a.Name) // the cause may quote one
	}
	return secrets, nil
}

// seal encrypts an account's secrets; nil if there are none.
func seal(account string, secrets map[string]string, sealer *store.Sealer) ([]byte, error) {
	if len(secrets) == 0 {
		return nil, nil
	}
	plain, err := json.Marshal(secrets)
	if err != nil {
		return nil, fmt.Errorf("setup: account %s: secrets: %w", account, err)
	}
	return sealer.Seal(secretsOf(account), plain), nil
}

// secretsOf returns the place to which an account's secrets are bound: see store.Sealer.
func secretsOf(account string) string { return "accounts/" + account }
