import { Brand, Document } from "../layout.tsx";

interface ErrorProps {
  title: string;
  detail: string;
  requestId?: string;
}

/** A page that stands for one that could not be made. */
export function ErrorPage({ title, detail, requestId }: ErrorProps) {
  return (
    <Document title={`${title} · edgemeter`}>
      <main class="alone">
        <section class="card" role="alert">
          <Brand />
          <h1>{title}</h1>
          <p>{detail}</p>
          {requestId !== undefined && <p class="minor">Request {requestId}</p>}
          <p class="actions">
            <a class="button quiet" href="/">
              To the overview
            </a>
          </p>
        </section>
      </main>
    </Document>
  );
}
