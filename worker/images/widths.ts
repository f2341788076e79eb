/** The widths that a picture is made in, in pixels: from a prize in a list to the whole of a phone that has three pixels to the point. */
export const IMAGE_WIDTHS = [120, 320, 640, 1_280] as const;
