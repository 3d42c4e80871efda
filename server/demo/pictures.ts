import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { catalogue, type Picture, pictureCount } from "./catalogue.ts";
import { paint } from "./painting.ts";
import { encodePng, encodePngSync } from "./png.ts";

/**
 * Writes the shop's product pictures as PNG files below `folder`, in a sub-folder for each category: the first `count`
 * of them, all 500 when left out. The same bytes every time.
 */
export async function createPictures(
  folder: string,
  { count = pictureCount }: { count?: number } = {},
): Promise<{ files: number; bytes: number }> {
  const pictures = catalogue().pictures.slice(0, count);
  for (const parent of new Set(pictures.map((picture) => dirname(picture.path)))) await mkdir(join(folder, parent), { recursive: true });
  let bytes = 0;
  // While one picture is compressed and written, the next is painted.
  let last: Promise<void> = Promise.resolve();
  for (const picture of pictures) {
    const image = paint(picture);
    await last;
    last = encodePng(image).then(async (file) => {
      bytes += file.length;
      await writeFile(join(folder, picture.path), file);
    });
  }
  await last;
  return { files: pictures.length, bytes };
}

/** The picture as a PNG of 40 by 40 pixels, as kept in the database. */
export const thumbnail = (picture: Picture): Buffer => encodePngSync(paint({ ...picture, width: 40, height: 40, grain: 1 }));
