// Package metrics provides Parley's metrics for Prometheus. It has a collector for each source of figures: traffic of the
// relay, what waits in the database, connections to accounts, this process, and the model. Other packages define metrics
// of their own with Family. docs/metrics.md says what each metric means.
//
// What does not belong here: counting (the packages that do what is counted), and serving (cmd/parley/app).
package metrics
