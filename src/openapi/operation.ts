import type * as z from "zod";
import type { Scope } from "../domain/access.ts";
import type { ProblemCode } from "../http/problem-catalogue.ts";

/** A body in one of its forms; `example` is one that a test sends or compares. */
export interface Content {
  schema: z.ZodType;
  example: unknown;
}

/** What a route answers with one status that is no problem. */
export interface Answered {
  description: string;
  /** By media type; absent: no body. */
  content?: Record<string, Content>;
  headers?: Record<string, string>;
}

/** One route of the app, as the document describes it: its schemas are those that the route reads by. */
export interface Operation {
  /** Names the call in clients. */
  id: string;
  method: "get" | "put" | "post" | "delete";
  path: string;
  tag: string;
  summary: string;
  description?: string;
  /** Keys that may call it, beside `admin`; `open`: anybody; `stripe`: who signs as Stripe does. */
  scopes: readonly Scope[] | "open" | "stripe";
  params?: z.ZodObject;
  query?: z.ZodObject;
  headers?: z.ZodObject;
  body?: { required: boolean; content: Record<string, Content> };
  answers: Record<number, Answered>;
  /** Beside those that every keyed route may answer. */
  problems: readonly ProblemCode[];
}

/** An answer in JSON. */
export function json(description: string, schema: z.ZodType, example: unknown): Answered {
  return { description, content: { "application/json": { schema, example } } };
}

/** A body in JSON that must be there. */
export function jsonBody(schema: z.ZodType, example: unknown): NonNullable<Operation["body"]> {
  return { required: true, content: { "application/json": { schema, example } } };
}

/** A page of a list; newest first. */
export function pageExample(item: unknown): { data: unknown[]; nextCursor: null } {
  return { data: [item], nextCursor: null };
}
