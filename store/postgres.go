package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// postgresConnections bounds the pool, which the queue shares; PostgreSQL's own
	// default is 100 connections for all clients.
	postgresConnections = 24
	// postgresCommitters is how many groups are committed at the same time: each waits
	// for a round trip a statement, so that several keep the server busy.
	postgresCommitters = 8
	// postgresConnect bounds the first connection.
	postgresConnect = 10 * time.Second
)

func openPostgres(ctx context.Context, url string) (*sql.DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil { // what the parser says could quote the password
		return nil, errors.New(`database.url is no PostgreSQL address: write "postgres://USER:PASSWORD@HOST:5432/DATABASE"`)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = postgresConnect
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(postgresConnections)
	db.SetMaxIdleConns(postgresConnections)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(explain(err), db.Close())
	}
	return db, nil
}
