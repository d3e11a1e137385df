"""The tables, and how an older file becomes a newer one: each migration once, in order, in one transaction."""

from __future__ import annotations

SCHEMA = """
create table stream (
  id integer primary key, source text not null, scope text not null, kinds text not null,
  mark text not null default '', bound_to text not null default '', unique (source, scope, kinds));
create table listing (
  source text not null, at integer not null, streams text not null, problem text not null, cure text not null);
create index listing_by_source on listing (source, at);
create table attempt (
  id integer primary key, stream integer not null references stream, status text not null,
  started integer not null, ended integer not null, body text not null);
create index attempt_by_stream on attempt (stream, ended);
create table fact (
  stream integer not null, kind text not null, ref_kind text not null, ref_id text not null,
  first integer not null, last integer, body text not null);
create unique index fact_now on fact (stream, kind, ref_kind, ref_id) where last is null;
create index fact_past on fact (stream, last) where last is not null;
create table first_seen (
  source text not null, kind text not null, ref_id text not null, value text not null, at integer not null,
  initial integer not null, primary key (source, kind, ref_id, at)) without rowid;
create table ad_day (
  stream integer not null, account text not null, campaign text not null, day text not null, vintage text not null,
  campaign_name text not null, currency text not null, spend integer not null, impressions integer, clicks integer,
  leads real, definition text not null, partial integer not null,
  primary key (stream, account, campaign, day, vintage)) without rowid;
create table edition (
  audience text not null, date text not null, compiled_at integer not null, body text not null,
  primary key (audience, date)) without rowid;
"""

TEMPORARY = """
create temp table incoming (
  ticket integer, kind text, ref_kind text, ref_id text, body text, gone integer,
  primary key (ticket, kind, ref_kind, ref_id)) without rowid;
create temp table incoming_ad (
  ticket integer, account text, campaign text, day text, vintage text, campaign_name text, currency text,
  spend integer, impressions integer, clicks integer, leads real, definition text, partial integer,
  primary key (ticket, account, campaign, day)) without rowid;
"""

STANDINGS = """
alter table stream add column whole_at integer;
alter table stream add column broken_at integer;
update stream set whole_at = (select max(ended) from attempt where stream = stream.id and status = 'whole');
update stream set broken_at = (
  select min(ended) from attempt where stream = stream.id and status != 'whole' and ended > coalesce(whole_at, 0));
"""
"""Kept on the stream itself: tries are forgotten after two weeks, since when something is missing is not."""

CONFIRMED = """
alter table ad_day add column confirmed text;
"""
"""The last vintage that had the same figures: a day that is read again unchanged is as settled as if it were new."""

PARTS = """
create table edition_part (
  audience text not null, date text not null, name text not null, made_at integer not null, body blob not null,
  primary key (audience, date, name));
"""
"""What each channel sends of an edition, byte by byte: every further try sends the same."""

MIGRATIONS: tuple[str, ...] = (SCHEMA, STANDINGS, CONFIRMED, PARTS)
