// Package metrics is what Parley tells Prometheus: a collector for each source of figures (traffic of the relay, what
// waits in the database, connections to accounts, this process, the model), and Family, of which other packages make
// metrics of their own. docs/metrics.md says what each metric means.
//
// What does not belong here: counting (the packages that do what is counted), and serving (cmd/parley/app).
package metrics
