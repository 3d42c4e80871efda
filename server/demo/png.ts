import { promisify } from "node:util";
import { constants, crc32, deflate, deflateSync } from "node:zlib";

/** An image of one palette index per pixel, row by row, with up to 256 colours of three bytes each. */
export interface Indexed {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
  readonly palette: Uint8Array;
}

// Neighbouring pixels differ by little, so after the "sub" filter run lengths and Huffman codes do all there is to do.
const options = { level: 6, strategy: constants.Z_RLE } as const;
const compress = promisify(deflate);

/** The image as a PNG file, compressed off the main thread. */
export async function encodePng(image: Indexed): Promise<Buffer> {
  return assemble(image, await compress(filtered(image), options));
}

/** The same bytes, at once: for thumbnails. */
export function encodePngSync(image: Indexed): Buffer {
  return assemble(image, deflateSync(filtered(image), options));
}

function assemble({ width, height, palette }: Indexed, compressed: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("PLTE", palette),
    chunk("IDAT", compressed),
    chunk("IEND", new Uint8Array()),
  ]);
}

/** Each row behind the number of its filter (1: the difference to the pixel on the left). */
function filtered({ width, height, pixels }: Indexed): Buffer {
  const rows = Buffer.allocUnsafe((width + 1) * height);
  let out = 0;
  for (let start = 0; start < width * height; start += width) {
    rows[out++] = 1;
    let left = 0;
    for (let x = 0; x < width; x += 1) {
      const pixel = pixels[start + x] ?? 0;
      rows[out++] = (pixel - left) & 0xff;
      left = pixel;
    }
  }
  return rows;
}

function chunk(type: string, content: Uint8Array): Buffer {
  const bytes = Buffer.alloc(content.length + 12);
  bytes.writeUInt32BE(content.length, 0);
  bytes.write(type, 4, "latin1");
  bytes.set(content, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + content.length)), 8 + content.length);
  return bytes;
}
